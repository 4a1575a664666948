import { createRoute } from '@tanstack/react-router';

import { Page } from '@/components/page';
import { SEARCH_MODES, type SearchMode } from '@/features/search/api';
import { SearchFilters } from '@/features/search/search-filters';
import { SearchResults } from '@/features/search/search-results';

import { filmActions } from './film-actions';
import { rootRoute } from './root';
import { number, text } from './search-params';

interface Search {
  q?: string | undefined;
  mode?: SearchMode | undefined;
  genre?: string | undefined;
  year_from?: number | undefined;
  year_to?: number | undefined;
}

export const searchRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/search',
  validateSearch: (search: Record<string, unknown>): Search => ({
    q: text(search.q),
    mode: SEARCH_MODES.find((mode) => mode === search.mode),
    genre: text(search.genre),
    year_from: number(search.year_from, 1800, 2200),
    year_to: number(search.year_to, 1800, 2200),
  }),
  component: SearchPage,
});

function SearchPage() {
  const { q = '', mode = 'hybrid', ...filters } = searchRoute.useSearch();
  const terms = { q, mode, ...filters };
  const navigate = searchRoute.useNavigate();
  return (
    <Page title={q ? `${q} · Search` : 'Search'}>
      <h1 className="text-6xl leading-none">Search</h1>
      <div className="mt-6 mb-8">
        <SearchFilters
          terms={terms}
          onChange={(change) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true })}
        />
      </div>
      <SearchResults terms={terms} actions={filmActions} />
    </Page>
  );
}
