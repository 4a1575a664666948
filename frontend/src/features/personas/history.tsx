import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { Loaded } from '@/components/loaded';
import { Pager } from '@/components/pager';
import { Poster } from '@/components/poster/poster';
import { Stars } from '@/components/stars';
import type { PersonaRating } from '@/lib/api-types';
import { date, films } from '@/lib/format';

import { historyQuery } from './api';

interface Props {
  personaId: number;
  /** Films to light: those that carried what is being pointed at. */
  lit: number[];
}

export function History({ personaId, lit }: Props) {
  const [page, setPage] = useState(1);
  const query = useQuery(historyQuery(personaId, page));
  return (
    <section aria-labelledby="history">
      <h2 id="history" className="text-3xl leading-none">
        What they rated
      </h2>
      <p className="mt-1 mb-3 text-sm text-muted">
        {query.data ? `${films(query.data.total)}, the latest first` : 'The latest first'}
      </p>
      <Loaded query={query} skeleton={<Skeleton />}>
        {(data) => (
          <>
            <ol className="divide-y divide-line border-y border-line">
              {data.items.map((entry) => (
                <Entry key={entry.movie.movie_id} entry={entry} lit={lit.includes(entry.movie.movie_id)} />
              ))}
            </ol>
            <Pager of={data} label="the history" onPage={setPage} />
          </>
        )}
      </Loaded>
    </section>
  );
}

function Entry({ entry: { movie, rating, rated_at }, lit }: { entry: PersonaRating; lit: boolean }) {
  return (
    <li className={`transition-colors duration-200 ${lit ? 'bg-lit' : ''}`}>
      <Link to="/film/$movieId" params={{ movieId: movie.movie_id }} className="group flex items-center gap-3 px-2 py-2">
        <span className="w-9 shrink-0">
          <Poster movie={movie} />
        </span>
        <span className="min-w-0 grow">
          <span className="block truncate text-sm font-semibold group-hover:underline">{movie.title}</span>
          <span className="block text-xs text-muted">{[movie.year, date(rated_at)].filter(Boolean).join(' · rated ')}</span>
        </span>
        <Stars value={rating} />
      </Link>
    </li>
  );
}

function Skeleton() {
  return (
    <div className="space-y-2">
      {Array.from({ length: 10 }, (_, index) => (
        <div key={index} className="skeleton h-14" />
      ))}
    </div>
  );
}
