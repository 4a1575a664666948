import { createRouter, type RouterHistory } from '@tanstack/react-router';

import { filmRoute } from './film';
import { forYouRoute } from './for-you';
import { landingRoute } from './landing';
import { personaRoute } from './persona';
import { ratingsRoute } from './ratings';
import { rootRoute } from './root';
import { searchRoute } from './search';
import { signInRoute } from './sign-in';
import { signUpRoute } from './sign-up';
import { accountRoute } from './account';
import { accountsRoute } from './accounts';
import { resetPasswordRoute } from './reset-password';
import { watchlistRoute } from './watchlist';

const routeTree = rootRoute.addChildren([
  landingRoute,
  personaRoute,
  searchRoute,
  filmRoute,
  forYouRoute,
  watchlistRoute,
  ratingsRoute,
  signInRoute,
  signUpRoute,
  accountRoute,
  accountsRoute,
  resetPasswordRoute,
]);

/** Without a history of its own the router follows the browser's. */
export const createAppRouter = (history?: RouterHistory) =>
  createRouter({ routeTree, scrollRestoration: true, ...(history && { history }) });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
