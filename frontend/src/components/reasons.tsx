import type { Reason } from '@/lib/api-types';

const SHOWN = 2;

/** "because Heat and Alien": the films of the history that carried a recommendation, the strongest first. */
export function Reasons({ reasons }: { reasons: Reason[] }) {
  if (reasons.length === 0) return null;
  return (
    <p className="line-clamp-3 text-xs leading-snug">
      <span className="text-muted">because </span>
      {reasons.slice(0, SHOWN).map(({ movie_id, title }, index) => (
        <span key={movie_id}>
          {index > 0 && <span className="text-muted"> and </span>}
          <cite className="font-medium not-italic">{title}</cite>
        </span>
      ))}
    </p>
  );
}
