import { useQuery } from '@tanstack/react-query';

import { DiversitySlider } from '@/components/diversity-slider';
import { FilmCard } from '@/components/film-card';
import { FilmGrid, FilmGridSkeleton } from '@/components/film-grid';
import { GenreSelect } from '@/components/genre-select';
import { Loaded } from '@/components/loaded';
import { Reasons } from '@/components/reasons';

import { type Cut, recommendationsQuery } from './api';

interface Props {
  personaId: number;
  cut: Cut;
  onCut: (change: Partial<Cut>) => void;
  /** Told the films that carried the recommendation being pointed at; none when the pointer leaves. */
  onPoint: (movieIds: number[]) => void;
}

export function Recommended({ personaId, cut, onCut, onPoint }: Props) {
  const query = useQuery(recommendationsQuery(personaId, cut));
  return (
    <section aria-labelledby="recommended">
      <div className="mb-5 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <h2 id="recommended" className="text-3xl leading-none">
          What they would be shown next
        </h2>
        <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
          <GenreSelect value={cut.genre} onChange={(genre) => onCut({ genre })} />
          <DiversitySlider value={cut.diversity} onChange={(diversity) => onCut({ diversity })} />
        </div>
      </div>
      <Loaded query={query} skeleton={<FilmGridSkeleton />}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-muted">Nothing left to recommend in this genre.</p>
          ) : (
            <FilmGrid items={items} id={({ movie }) => movie.movie_id}>
              {({ movie, predicted_rating, reasons }, index) => {
                const light = () => onPoint(reasons.map(({ movie_id }) => movie_id));
                const dim = () => onPoint([]);
                return (
                  <div onPointerEnter={light} onPointerLeave={dim} onFocus={light} onBlur={dim}>
                    <FilmCard
                      movie={movie}
                      predicted={predicted_rating}
                      eager={index < 6}
                      note={<Reasons reasons={reasons} />}
                    />
                  </div>
                );
              }}
            </FilmGrid>
          )
        }
      </Loaded>
    </section>
  );
}
