import { type KeyboardEvent, type MouseEvent, useState } from 'react';

import { StarRow } from '@/components/stars';
import { starWords } from '@/lib/format';

interface Props {
  /** What is rated, for those who cannot see it. */
  label: string;
  value: number | null;
  onRate: (rating: number) => void;
  size?: 'small' | 'large';
}

const HIGHEST = 5;
const HALF = 0.5;
const SIZES = { small: 'size-5', large: 'size-9' };

/** Half stars by pointer, touch or arrow keys. Keys only choose; Enter, or leaving, rates. */
export function StarInput({ label, value, onRate, size = 'small' }: Props) {
  const [draft, setDraft] = useState<number | null>(null);
  const shown = draft ?? value ?? 0;

  const under = (event: MouseEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const halves = Math.ceil(((event.clientX - box.left) / box.width) * HIGHEST * 2);
    return Math.min(HIGHEST, Math.max(HALF, halves / 2));
  };
  const commit = (rating: number | null) => {
    setDraft(null);
    if (rating !== null && rating > 0 && rating !== value) onRate(rating);
  };
  const press = (event: KeyboardEvent) => {
    const next = step(event.key, shown);
    if (next !== null) setDraft(next);
    else if (event.key === 'Enter' || event.key === ' ') commit(draft);
    else if (event.key === 'Escape') setDraft(null);
    else return;
    event.preventDefault();
  };

  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={`Your rating of ${label}`}
      aria-valuemin={0}
      aria-valuemax={HIGHEST}
      aria-valuenow={shown}
      aria-valuetext={shown === 0 ? 'Not rated' : `${starWords(shown)}${draft === null ? '' : ', press Enter to rate'}`}
      className="inline-flex cursor-pointer touch-pan-y rounded-sm py-1 select-none"
      onPointerMove={(event) => setDraft(under(event))}
      onPointerLeave={() => setDraft(null)}
      onClick={(event) => commit(under(event))}
      onKeyDown={press}
      onBlur={() => commit(draft)}
    >
      <StarRow value={shown} size={SIZES[size]} />
    </div>
  );
}

/** The value a key leads to; null where the key means nothing to a slider. */
function step(key: string, from: number): number | null {
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return Math.min(HIGHEST, from + HALF);
    case 'ArrowLeft':
    case 'ArrowDown':
      return Math.max(HALF, from - HALF);
    case 'Home':
      return HALF;
    case 'End':
      return HIGHEST;
    default:
      return null;
  }
}
