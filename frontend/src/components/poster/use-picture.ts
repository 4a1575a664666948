import { useEffect, useState } from 'react';

/** Milliseconds until a picture that did not come is asked for again; then it is given up. */
export const AGAIN = [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000];

/** How much longer chance makes such a wait, so that a page's pictures do not all ask at the same moment. */
const CHANCE = 0.5;

interface Missed {
  url: string | null;
  times: number;
  /** Milliseconds until it is asked for again; null while it is, and when it is given up. */
  wait: number | null;
}

/**
 * Whether a picture can be shown. The server fetches a poster that it does not have yet from TMDB, one at a time, and
 * sends the others away, to come again.
 */
export function usePicture(url: string | null): { shown: boolean; failed: () => void } {
  const [latest, setMissed] = useState<Missed>({ url, times: 0, wait: null });
  const missed: Missed = latest.url === url ? latest : { url, times: 0, wait: null };
  useEffect(() => {
    if (latest.wait === null) return;
    const timer = setTimeout(() => setMissed({ ...latest, wait: null }), latest.wait * (1 + CHANCE * Math.random()));
    return () => clearTimeout(timer);
  }, [latest]);
  return {
    shown: url !== null && missed.wait === null && missed.times <= AGAIN.length,
    failed: () => setMissed({ url, times: missed.times + 1, wait: AGAIN[missed.times] ?? null }),
  };
}
