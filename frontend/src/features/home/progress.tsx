import { starWords } from '@/lib/format';

const ENOUGH = 5;

/** How far a newcomer is from rows of their own. */
export function Progress({ rated }: { rated: number }) {
  if (rated >= ENOUGH) return null;
  return (
    <div className="mb-10 flex flex-wrap items-center gap-x-6 gap-y-3 rounded-md bg-surface px-5 py-4">
      <div className="flex gap-1.5" aria-hidden="true">
        {Array.from({ length: ENOUGH }, (_, index) => (
          <span key={index} className={`size-3.5 rounded-full border border-edge ${index < rated ? 'border-star bg-star' : ''}`} />
        ))}
      </div>
      <p className="text-sm">
        <strong>
          {rated} of {ENOUGH} films rated.
        </strong>{' '}
        <span className="text-muted">
          Give {starWords(5)} to what you loved and fewer to the rest; each rating changes the rows below at once.
        </span>
      </p>
    </div>
  );
}
