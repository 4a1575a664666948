import { average, starWords } from '@/lib/format';

const STAR = 'M12 2.6l2.9 6.1 6.6.8-4.9 4.6 1.3 6.6L12 17.4 6.1 20.7l1.3-6.6L2.5 9.5l6.6-.8z';

/** Five stars, `value` of them lit. Decoration: whoever draws them names the value. */
export function StarRow({ value, size }: { value: number; size: string }) {
  return (
    <span className="flex" aria-hidden="true">
      {[1, 2, 3, 4, 5].map((star) => (
        <Star key={star} lit={value >= star ? 'full' : value >= star - 0.5 ? 'half' : 'none'} size={size} />
      ))}
    </span>
  );
}

function Star({ lit, size }: { lit: 'none' | 'half' | 'full'; size: string }) {
  return (
    <svg viewBox="0 0 24 24" className={`${size} shrink-0 ${lit === 'none' ? 'text-edge' : 'text-star'}`}>
      {lit !== 'none' && (
        <path d={STAR} fill="currentColor" className={lit === 'half' ? '[clip-path:inset(0_50%_0_0)]' : ''} />
      )}
      <path d={STAR} fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinejoin="round" />
    </svg>
  );
}

/** A rating that nobody gave yet: one star and a number, so that it is not taken for one. */
export function PredictedStars({ value }: { value: number }) {
  return (
    <p className="inline-flex items-center gap-1 text-xs text-muted" title="Predicted rating">
      <Star lit="full" size="size-3.5" />
      <span aria-hidden="true">{average(value)}</span>
      <span className="sr-only">predicted rating {average(value)}</span>
    </p>
  );
}

/** A rating somebody gave, to be read. */
export function Stars({ value }: { value: number }) {
  return (
    <span className="inline-flex items-center" title={starWords(value)}>
      <StarRow value={value} size="size-4" />
      <span className="sr-only">{starWords(value)}</span>
    </span>
  );
}
