import { createRoute, Link } from '@tanstack/react-router';

import { Page } from '@/components/page';
import { PersonaView } from '@/features/personas/persona-view';

import { rootRoute } from './root';
import { number, text } from './search-params';

interface PersonaSearch {
  genre?: string | undefined;
  diversity?: number | undefined;
}

export const personaRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/personas/$personaId',
  params: { parse: ({ personaId }) => ({ personaId: Number(personaId) }), stringify: ({ personaId }) => ({ personaId: String(personaId) }) },
  validateSearch: (search: Record<string, unknown>): PersonaSearch => ({
    genre: text(search.genre),
    diversity: number(search.diversity, 0, 1),
  }),
  component: PersonaPage,
});

function PersonaPage() {
  const { personaId } = personaRoute.useParams();
  const { genre, diversity } = personaRoute.useSearch();
  const navigate = personaRoute.useNavigate();
  return (
    <Page title={`Persona ${personaId}`}>
      <Link to="/" className="link text-sm">
        All personas
      </Link>
      <h1 className="mt-3 mb-8 text-6xl leading-none">Persona {personaId}</h1>
      <PersonaView
        key={personaId}
        personaId={personaId}
        cut={{ genre, diversity: diversity ?? 0 }}
        onCut={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
        }
      />
    </Page>
  );
}
