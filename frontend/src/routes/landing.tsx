import { createRoute, Link, useNavigate } from '@tanstack/react-router';

import { Page } from '@/components/page';
import { PopularFan } from '@/features/films/popular-fan';
import { PersonaList } from '@/features/personas/persona-list';
import { useMe, useStartGuest } from '@/lib/me';

import { rootRoute } from './root';

export const landingRoute = createRoute({ getParentRoute: () => rootRoute, path: '/', component: Landing });

function Landing() {
  return (
    <Page title="Movie Genie">
      <section className="grid items-center gap-x-12 gap-y-8 lg:grid-cols-[5fr_6fr]">
        <div>
          <h1 className="text-6xl leading-[0.92] sm:text-7xl xl:text-8xl">Say what you loved. It knows what’s next.</h1>
          <p className="mt-5 max-w-md text-lg text-muted">
            Rate a handful of films and watch the programme change with every star, with the reason under each choice.
          </p>
          <Begin />
        </div>
        <PopularFan />
      </section>
      <div className="mt-16">
        <PersonaList />
      </div>
    </Page>
  );
}

function Begin() {
  const me = useMe();
  const navigate = useNavigate();
  const startGuest = useStartGuest(() => void navigate({ to: '/for-you' }));
  if (me && me.kind !== 'anonymous') {
    return (
      <Link to="/for-you" className="button button-primary mt-7">
        To your films
      </Link>
    );
  }
  return (
    <div className="mt-7 flex flex-wrap items-center gap-4">
      <button
        type="button"
        className="button button-primary"
        disabled={startGuest.isPending}
        onClick={() => startGuest.mutate(undefined)}
      >
        Start rating as a guest
      </button>
      <Link to="/sign-in" className="link text-sm">
        Sign in
      </Link>
    </div>
  );
}
