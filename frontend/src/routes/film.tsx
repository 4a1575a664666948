import { useQuery } from '@tanstack/react-query';
import { createRoute } from '@tanstack/react-router';

import { Loaded } from '@/components/loaded';
import { Page } from '@/components/page';
import { filmQuery } from '@/features/films/api';
import { FilmDetails, FilmDetailsSkeleton } from '@/features/films/film-details';
import { SimilarFilms } from '@/features/films/similar-films';
import { RateFilm } from '@/features/ratings/rate-film';
import { WatchlistToggle } from '@/features/watchlist/watchlist-toggle';

import { rootRoute } from './root';

export const filmRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/film/$movieId',
  params: { parse: ({ movieId }) => ({ movieId: Number(movieId) }), stringify: ({ movieId }) => ({ movieId: String(movieId) }) },
  component: FilmPage,
});

function FilmPage() {
  const { movieId } = filmRoute.useParams();
  const query = useQuery(filmQuery(movieId));
  return (
    <Page title={query.data?.title ?? 'Film'}>
      <Loaded query={query} skeleton={<FilmDetailsSkeleton />}>
        {(film) => (
          <>
            <FilmDetails
              film={film}
              actions={
                <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
                  <RateFilm key={movieId} movie={film} rating={{ rating: film.my_rating, not_interested: film.not_interested }} large />
                  <WatchlistToggle movie={film} worded />
                </div>
              }
            />
            <div className="mt-14">
              <SimilarFilms movieId={movieId} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}
