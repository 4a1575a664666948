import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { Poster } from '@/components/poster/poster';

import { popularQuery } from './api';

const PLACES = [
  'left-0 top-[16%] -rotate-6',
  'left-[19.75%] top-[5%] -rotate-3',
  'left-[39.5%] top-0',
  'left-[59.25%] top-[5%] rotate-3',
  'left-[79%] top-[16%] rotate-6',
];

const DYES = ['#f2b93b', '#d6486a', '#2c93a0'];

/** A hand of films that are watched now; says nothing where the server has none to show. */
export function PopularFan() {
  const { data } = useQuery(popularQuery(PLACES.length));
  return (
    <div className="relative">
      <Beam />
      <ul className="relative mx-auto aspect-[5/1.9] w-[94%]" aria-label="Popular now">
      {data?.items.map(({ movie }, index) => (
        <li key={movie.movie_id} className={`arrives absolute w-[21%] transition-transform duration-200 hover:-translate-y-2 ${PLACES[index] ?? ''}`}>
          <Link to="/film/$movieId" params={{ movieId: movie.movie_id }} className="block">
            <Poster movie={movie} eager />
            <span className="sr-only">{movie.title}</span>
          </Link>
        </li>
      ))}
      </ul>
    </div>
  );
}

/** The lamp's light behind them, in the three dyes of the mark. */
function Beam() {
  return (
    <svg
      viewBox="0 0 600 300"
      className="pointer-events-none absolute -top-1/4 -left-4 h-3/2 w-[calc(100%+2rem)] opacity-50 dark:opacity-55"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {DYES.map((dye, index) => (
        <linearGradient key={dye} id={`dye-${index}`}>
          <stop offset=".1" stopColor={dye} stopOpacity=".9" />
          <stop offset="1" stopColor={dye} stopOpacity="0" />
        </linearGradient>
      ))}
      <path d="M0 150 600 0v96z" fill="url(#dye-0)" />
      <path d="M0 150 600 104v92z" fill="url(#dye-1)" />
      <path d="M0 150 600 204v96z" fill="url(#dye-2)" />
    </svg>
  );
}
