import { createRootRoute, Link, Outlet, useNavigate, useRouterState, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

import { Failure } from '@/components/failure';
import { Mark } from '@/components/icons';
import { NoticeBoard } from '@/components/notice';
import { Page } from '@/components/page';
import { ReadyGate } from '@/features/release/ready-gate';
import { SearchBox } from '@/features/search/search-box';
import { AccountMenu } from '@/features/session/account-menu';

import { Footer } from './footer';

export const rootRoute = createRootRoute({
  component: Root,
  errorComponent: ({ error, reset }) => (
    <Page title="Something broke">
      <Failure error={error as Error} onRetry={reset} /> {/* whatever React catches here was thrown as one */}
    </Page>
  ),
  notFoundComponent: () => (
    <Page title="Not found">
      <h1 className="text-5xl">This reel is missing</h1>
      <p className="mt-3 text-muted">
        There is no page at this address.{' '}
        <Link to="/" className="link">
          To the foyer
        </Link>
      </p>
    </Page>
  ),
});

function Root() {
  const main = useFocusOnArrival();
  return (
    <NoticeBoard>
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-30 focus:bg-surface focus:p-3">
        Skip to the films
      </a>
      <Header />
      <main id="main" ref={main} tabIndex={-1} className="grow">
        <ReadyGate>
          <Outlet />
        </ReadyGate>
      </main>
      <Footer />
    </NoticeBoard>
  );
}

const NAV = [
  { to: '/', name: 'Personas' },
  { to: '/for-you', name: 'For you' },
  { to: '/watchlist', name: 'Watchlist' },
  { to: '/ratings', name: 'My ratings' },
] as const;

function Header() {
  const { q = '' } = useSearch({ strict: false });
  const searching = useRouterState({ select: ({ location }) => location.pathname === '/search' });
  const navigate = useNavigate();
  const search = (q: string, replace: boolean) =>
    void navigate({ to: '/search', search: (before) => (searching ? { ...before, q } : { q }), replace });
  return (
    <header className="border-b border-line">
      <div className="mx-auto flex max-w-7xl flex-wrap items-center gap-x-6 gap-y-3 px-4 py-3 sm:px-6">
        <Link to="/" className="flex items-center gap-2.5">
          <Mark />
          <span className="marquee text-2xl leading-none">Movie Genie</span>
        </Link>
        <nav aria-label="Main" className="order-4 -mx-2 flex w-full overflow-x-auto lg:order-none lg:w-auto">
          {NAV.map(({ to, name }) => (
            <Link
              key={to}
              to={to}
              activeOptions={{ exact: true, includeSearch: false }}
              className="border-b-2 border-transparent px-2 py-1.5 text-sm whitespace-nowrap hover:border-edge aria-[current=page]:border-accent aria-[current=page]:font-semibold"
            >
              {name}
            </Link>
          ))}
        </nav>
        <div className="order-3 w-full sm:order-none sm:ml-auto sm:w-72">
          <SearchBox
            value={q}
            onSubmit={(q) => search(q, searching)}
            {...(searching && { onType: (q: string) => search(q, true) })}
          />
        </div>
        <div className="ml-auto sm:ml-0">
          <AccountMenu />
        </div>
      </div>
    </header>
  );
}

/** After a step to another page the keyboard starts at its top, as it would after loading it. */
function useFocusOnArrival() {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const arrivedAt = useRef(path);
  useEffect(() => {
    if (arrivedAt.current === path) return;
    arrivedAt.current = path;
    if (path !== '/search') main.current?.focus({ preventScroll: true }); // there the viewer is typing
  }, [path]);
  return main;
}
