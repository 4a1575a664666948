import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { FilmCard } from '@/components/film-card';
import { FilmGrid, FilmGridSkeleton } from '@/components/film-grid';
import { Loaded } from '@/components/loaded';
import type { Movie, Found } from '@/lib/api-types';
import { films } from '@/lib/format';

import { searchQuery, type SearchTerms } from './api';

const WHY: Record<Found['matched'], string> = { title: 'matches the title', meaning: 'matches what it is about' };

interface Props {
  terms: SearchTerms;
  actions: (movie: Movie) => ReactNode;
}

export function SearchResults({ terms, actions }: Props) {
  const query = useQuery(searchQuery(terms));
  if (terms.q.trim() === '') {
    return (
      <p className="text-muted">
        Try a title, even with a slip of the finger, or a plot: “a heist inside a dream”, “toys that come to life”.
      </p>
    );
  }
  return (
    <Loaded query={query} skeleton={<FilmGridSkeleton />}>
      {({ items }) => (
        <>
          <p role="status" className="mb-5 text-sm text-muted">
            {items.length === 0 ? `Nothing found for “${terms.q}”.` : `${films(items.length)} found`}
          </p>
          <FilmGrid items={items} id={({ movie }) => movie.movie_id}>
            {({ movie, matched }, index) => (
              <FilmCard
                movie={movie}
                eager={index < 6}
                note={<p className="text-xs text-muted">{WHY[matched]}</p>}
                actions={actions(movie)}
              />
            )}
          </FilmGrid>
        </>
      )}
    </Loaded>
  );
}
