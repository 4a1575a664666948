import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { Poster } from '@/components/poster/poster';

import { popularQuery } from './api';

const PLACES = [
  'left-0 top-[12%] -rotate-6',
  'left-[18.5%] top-[4%] -rotate-3',
  'left-[37%] top-0',
  'left-[55.5%] top-[4%] rotate-3',
  'left-[74%] top-[12%] rotate-6',
];

/** A hand of films that are watched now; says nothing where the server has none to show. */
export function PopularFan() {
  const { data } = useQuery(popularQuery(PLACES.length));
  return (
    <ul className="relative aspect-[5/2.25] w-full" aria-label="Popular now">
      {data?.items.map(({ movie }, index) => (
        <li key={movie.movie_id} className={`arrives absolute w-[26%] transition-transform duration-200 hover:-translate-y-2 ${PLACES[index] ?? ''}`}>
          <Link to="/film/$movieId" params={{ movieId: movie.movie_id }} className="block">
            <Poster movie={movie} eager />
            <span className="sr-only">{movie.title}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
