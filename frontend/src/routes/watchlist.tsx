import { createRoute } from '@tanstack/react-router';

import { Page } from '@/components/page';
import { Watchlist } from '@/features/watchlist/watchlist';

import { filmActions } from './film-actions';
import { rootRoute } from './root';
import { ViewersOnly } from './viewers-only';

export const watchlistRoute = createRoute({ getParentRoute: () => rootRoute, path: '/watchlist', component: WatchlistPage });

function WatchlistPage() {
  return (
    <Page title="Watchlist">
      <h1 className="mb-8 text-6xl leading-none">Watchlist</h1>
      <ViewersOnly>
        <Watchlist actions={filmActions} />
      </ViewersOnly>
    </Page>
  );
}
