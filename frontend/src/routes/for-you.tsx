import { createRoute } from '@tanstack/react-router';

import { Page } from '@/components/page';
import { HomeRows } from '@/features/home/home-rows';
import { Progress } from '@/features/home/progress';
import { useMe } from '@/lib/me';

import { filmActions } from './film-actions';
import { rootRoute } from './root';
import { ViewersOnly } from './viewers-only';

export const forYouRoute = createRoute({ getParentRoute: () => rootRoute, path: '/for-you', component: ForYouPage });

function ForYouPage() {
  const me = useMe();
  return (
    <Page title="For you">
      <h1 className="mb-8 text-6xl leading-none">{me?.name ? `Tonight for ${me.name}` : 'Tonight for you'}</h1>
      <ViewersOnly>
        <Progress rated={me?.ratings_count ?? 0} />
        <HomeRows actions={filmActions} />
      </ViewersOnly>
    </Page>
  );
}
