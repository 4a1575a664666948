import type { ReactNode } from 'react';

const LAYOUT = 'grid grid-cols-[repeat(auto-fill,minmax(10rem,1fr))] gap-x-4 gap-y-7 sm:grid-cols-[repeat(auto-fill,minmax(10.5rem,1fr))] sm:gap-x-5';

interface Props<T> {
  items: T[];
  id: (item: T) => number;
  children: (item: T, index: number) => ReactNode;
}

/** Films in as many columns as fit. */
export function FilmGrid<T>({ items, id, children }: Props<T>) {
  return (
    <ul className={LAYOUT}>
      {items.map((item, index) => (
        <li key={id(item)} className="flex *:grow">
          {children(item, index)}
        </li>
      ))}
    </ul>
  );
}

export function FilmGridSkeleton({ films = 12 }: { films?: number }) {
  return (
    <div className={LAYOUT}>
      {Array.from({ length: films }, (_, index) => (
        <div key={index}>
          <div className="skeleton aspect-2/3" />
          <div className="skeleton mt-2 h-3 w-2/3" />
        </div>
      ))}
    </div>
  );
}
