import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { FilmCard } from '@/components/film-card';
import { FilmRow, FilmRowSkeleton } from '@/components/film-row';
import { Loaded } from '@/components/loaded';
import { Reasons } from '@/components/reasons';
import { Seen } from '@/components/seen';
import type { Movie } from '@/lib/api-types';

import { homeQuery } from './api';
import { useTelling } from './use-telling';

/** The viewer's rows, asked for anew after each opinion. */
export function HomeRows({ actions }: { actions: (movie: Movie) => ReactNode }) {
  const query = useQuery(homeQuery);
  const tell = useTelling(query.data?.release_id);
  return (
    <Loaded
      query={query}
      skeleton={
        <div className="space-y-10">
          <FilmRowSkeleton />
          <FilmRowSkeleton />
        </div>
      }
    >
      {({ rows }) => (
        <div className="space-y-10">
          {rows.map(({ row_id, kind, title, items }) => (
            <Seen key={row_id} onSeen={() => tell({ kind: 'impression', row: kind })}>
              <FilmRow title={title} items={items} id={({ movie }) => movie.movie_id}>
                {({ movie, predicted_rating, reasons }, position) => (
                  <FilmCard
                    movie={movie}
                    predicted={predicted_rating}
                    note={kind !== 'because' && <Reasons reasons={reasons} />} // that row's title is the reason
                    actions={actions(movie)}
                    onVisit={() => tell({ kind: 'click', row: kind, movie_id: movie.movie_id, position })}
                  />
                )}
              </FilmRow>
            </Seen>
          ))}
        </div>
      )}
    </Loaded>
  );
}
