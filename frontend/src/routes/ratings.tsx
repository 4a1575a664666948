import { createRoute } from '@tanstack/react-router';

import { Page } from '@/components/page';
import { MyRatings } from '@/features/ratings/my-ratings';

import { rootRoute } from './root';
import { ViewersOnly } from './viewers-only';

export const ratingsRoute = createRoute({ getParentRoute: () => rootRoute, path: '/ratings', component: RatingsPage });

function RatingsPage() {
  return (
    <Page title="My ratings">
      <h1 className="mb-8 text-6xl leading-none">My ratings</h1>
      <ViewersOnly>
        <MyRatings />
      </ViewersOnly>
    </Page>
  );
}
