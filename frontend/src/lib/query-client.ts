import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

import { ApiError } from './api';
import { meQuery } from './me';

const RETRIES = 2;

/** A refusal (4xx) stays what it is; a lost connection may come back, and of several server processes the last may
 * take up the first release a second later (503). */
function worthRetrying(failures: number, error: Error) {
  const fleeting = !(error instanceof ApiError) || [0, 502, 503, 504].includes(error.status);
  return fleeting && failures < RETRIES;
}

export function createQueryClient() {
  // Refused as nobody: the session has ended elsewhere, so the page asks again who is looking.
  const onError = (error: Error) => {
    if (error instanceof ApiError && error.status === 401) void client.invalidateQueries({ queryKey: meQuery.queryKey });
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: { queries: { staleTime: 60_000, retry: worthRetrying, refetchOnWindowFocus: false } },
  });
  return client;
}
