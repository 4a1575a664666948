import { Stars } from '@/components/stars';
import type { Import } from '@/lib/api-types';
import { count, films } from '@/lib/format';

interface Props {
  found: Import;
  busy: boolean;
  onTake: () => void;
}

export function ImportPreview({ found, busy, onTake }: Props) {
  const { matched_count, unmatched_count } = found;
  return (
    <>
      <p className="text-sm">
        <strong>{films(matched_count)} found here</strong>
        {unmatched_count > 0 && `, ${count(unmatched_count)} ${unmatched_count === 1 ? 'line' : 'lines'} left out`}.
      </p>
      {unmatched_count > 0 && (
        <details>
          <summary className="link w-fit text-sm">What is left out, and why</summary>
          <ul className="mt-2 max-h-72 overflow-y-auto border-y border-line text-sm">
            {found.unmatched.map(({ line, text, reason }) => (
              <li key={line} className="py-1.5 wrap-anywhere">
                Line {line}: {text} <span className="text-muted">({reason})</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {matched_count > 0 && (
        <>
          <ul className="max-h-72 overflow-y-auto border-y border-line text-sm">
            {found.matched.map(({ line, movie, rating }) => (
              <li key={line} className="flex justify-between gap-4 py-1.5">
                <span className="truncate">
                  {movie.title} <span className="text-muted">{movie.year}</span>
                </span>
                <Stars value={rating} />
              </li>
            ))}
          </ul>
          <button type="button" className="button button-primary" disabled={busy} onClick={onTake}>
            Keep {matched_count === 1 ? 'this rating' : `these ${count(matched_count)} ratings`}
          </button>
        </>
      )}
    </>
  );
}
