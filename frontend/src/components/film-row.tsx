import { type ReactNode, useId, useRef } from 'react';

import { ArrowIcon } from './icons';

interface Props<T> {
  title: string;
  items: T[];
  id: (item: T) => number;
  children: (item: T, index: number) => ReactNode;
}

const COLUMN = 'w-40 shrink-0 snap-start sm:w-44';

/** A titled row of films that scrolls sideways. */
export function FilmRow<T>({ title, items, id, children }: Props<T>) {
  const heading = useId();
  const track = useRef<HTMLUListElement>(null);
  const scroll = (direction: 1 | -1) =>
    track.current?.scrollBy({ left: direction * track.current.clientWidth * 0.8, behavior: 'smooth' });
  return (
    <section aria-labelledby={heading}>
      <div className="mb-3 flex items-end justify-between gap-4">
        <h2 id={heading} className="text-3xl leading-none">
          {title}
        </h2>
        <div className="hidden gap-1 sm:flex">
          <button type="button" className="icon-button" onClick={() => scroll(-1)} aria-label={`${title}: back`}>
            <ArrowIcon back />
          </button>
          <button type="button" className="icon-button" onClick={() => scroll(1)} aria-label={`${title}: on`}>
            <ArrowIcon />
          </button>
        </div>
      </div>
      <ul ref={track} className="-mx-4 flex snap-x scroll-px-4 gap-4 overflow-x-auto px-4 pt-1.5 pb-4 sm:gap-5">
        {items.map((item, index) => (
          <li key={id(item)} className={`${COLUMN} flex *:grow`}>
            {children(item, index)}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function FilmRowSkeleton() {
  return (
    <div>
      <div className="skeleton mb-4 h-7 w-56" />
      <div className="flex gap-5 overflow-hidden">
        {Array.from({ length: 8 }, (_, index) => (
          <div key={index} className={COLUMN}>
            <div className="skeleton aspect-2/3" />
            <div className="skeleton mt-2 h-3 w-2/3" />
          </div>
        ))}
      </div>
    </div>
  );
}
