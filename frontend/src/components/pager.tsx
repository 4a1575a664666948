import type { Ratings } from '@/lib/api-types';
import { count } from '@/lib/format';

import { ArrowIcon } from './icons';

interface Props {
  of: Pick<Ratings, 'page' | 'per_page' | 'total'>;
  /** What is paged, for those who cannot see it: "personas". */
  label: string;
  onPage: (page: number) => void;
}

/** Steps through a long list. */
export function Pager({ of: { page, per_page, total }, label, onPage }: Props) {
  const last = Math.max(1, Math.ceil(total / per_page));
  // What stood on a last page may be gone: then there is a way back.
  if (last === 1 && page === 1) return null;
  return (
    <nav aria-label={`Pages of ${label}`} className="mt-5 flex items-center gap-2 text-sm">
      <button type="button" className="icon-button disabled:opacity-40" disabled={page <= 1} onClick={() => onPage(page - 1)} aria-label="Page before">
        <ArrowIcon back />
      </button>
      <span aria-live="polite">
        Page {count(page)} of {count(last)}
      </span>
      <button type="button" className="icon-button disabled:opacity-40" disabled={page >= last} onClick={() => onPage(page + 1)} aria-label="Page after">
        <ArrowIcon />
      </button>
    </nav>
  );
}
