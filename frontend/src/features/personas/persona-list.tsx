import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { GenreDots } from '@/components/genre-dots';
import { Loaded } from '@/components/loaded';
import { Pager } from '@/components/pager';
import type { Persona } from '@/lib/api-types';
import { average, ratings } from '@/lib/format';

import { personasQuery } from './api';
import { PersonaSearch } from './persona-search';

const LAYOUT = 'grid gap-3 sm:grid-cols-2 lg:grid-cols-3';

/** The MovieLens users, each as a ticket. */
export function PersonaList() {
  const [page, setPage] = useState(1);
  const query = useQuery(personasQuery(page));
  return (
    <section aria-labelledby="personas">
      <div className="mb-5 flex flex-wrap items-end justify-between gap-4">
        <div>
          <h2 id="personas" className="text-4xl leading-none">
            Take somebody else’s seat
          </h2>
          <p className="mt-2 max-w-prose text-sm text-muted">
            Real MovieLens users, known by a number only. See what they rated and what they would be shown next.
          </p>
        </div>
        <PersonaSearch />
      </div>
      <Loaded query={query} skeleton={<Skeleton />}>
        {(data) => (
          <>
            <ul className={LAYOUT}>
              {data.items.map((persona) => (
                <li key={persona.persona_id}>
                  <Ticket persona={persona} />
                </li>
              ))}
            </ul>
            <Pager of={data} label="personas" onPage={setPage} />
          </>
        )}
      </Loaded>
    </section>
  );
}

function Ticket({ persona: { persona_id, ratings_count, average_rating, favourite_genres } }: { persona: Persona }) {
  return (
    <Link
      to="/personas/$personaId"
      params={{ personaId: persona_id }}
      className="ticket group grid grid-cols-[4.75rem_1fr] rounded-md transition-colors hover:bg-raised"
    >
      <span className="grid place-items-center border-r border-dashed border-edge py-4">
        <span className="text-[0.625rem] font-semibold tracking-wider text-muted uppercase">Persona</span>
        <span className="marquee text-3xl leading-none">{persona_id}</span>
      </span>
      <span className="flex min-w-0 flex-col justify-center gap-1 px-4 py-3">
        <span className="text-sm font-semibold group-hover:underline">
          {ratings(ratings_count)} <span className="font-normal text-muted">· {average(average_rating)} on average</span>
        </span>
        <span className="flex items-center gap-2 text-xs text-muted">
          <GenreDots genres={favourite_genres.slice(0, 3)} />
          <span className="truncate">{favourite_genres.slice(0, 3).join(', ')}</span>
        </span>
      </span>
    </Link>
  );
}

function Skeleton() {
  return (
    <div className={LAYOUT}>
      {Array.from({ length: 12 }, (_, index) => (
        <div key={index} className="skeleton h-19" />
      ))}
    </div>
  );
}
