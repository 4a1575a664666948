import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { api, ApiError } from '@/lib/api';
import type { Ready } from '@/lib/api-types';

import { FirstTraining } from './first-training';

const ASK_AGAIN_MS = 4_000;

const withoutRelease = (error: Error | null) => error instanceof ApiError && error.status === 503;

/** Shows the page, or, while the server has no release to serve, that its first training is under way. */
export function ReadyGate({ children }: { children: ReactNode }) {
  const { error } = useQuery({
    queryKey: ['ready'],
    queryFn: ({ signal }) => api.get<Ready>('/ready', { signal }),
    staleTime: Infinity,
    retry: (failures, error) => !withoutRelease(error) && failures < 2,
    refetchInterval: ({ state }) => (withoutRelease(state.error) ? ASK_AGAIN_MS : false),
  });
  return withoutRelease(error) ? <FirstTraining /> : children;
}
