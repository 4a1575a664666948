/** Who is looking: asked by the header, the pages and whatever writes. */
import { type QueryClient, queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { api, forgetCsrfToken } from './api';
import type { Me } from './types';

/** Queries whose answer belongs to the viewer begin with this key. */
export const MINE = 'mine';

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => api.get<Me>('/me', { signal }),
  staleTime: Infinity,
});

/** Undefined until the server has said who this is. */
export function useMe(): Me | undefined {
  return useQuery(meQuery).data;
}

/** A change of who is looking: `change` asks the server, then everything shown is asked anew. */
export function useSessionChange<Input>(change: (input: Input) => Promise<Me | null>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async (me) => {
      if (me === null) {
        forgetCsrfToken();
        await queries.query({ ...meQuery, staleTime: 0 });
      } else {
        queries.setQueryData(meQuery.queryKey, me);
      }
      queries.removeQueries({ queryKey: [MINE], type: 'inactive' });
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== meQuery.queryKey[0] });
    },
  });
}

let opening: Promise<Me> | null = null;

/** Before something is kept for somebody unknown: they become a guest, once, however many things are kept at once. */
export async function becomeViewer(queries: QueryClient) {
  const me = await queries.query({ ...meQuery, staleTime: 'static' });
  if (me.kind !== 'anonymous') return;
  opening ??= api.post<Me>('/session/guest').finally(() => {
    opening = null;
  });
  queries.setQueryData(meQuery.queryKey, await opening);
}

/** Begin a guest session: the viewer's ratings have a place from the first click. */
export function useStartGuest() {
  return useSessionChange<undefined>(() => api.post<Me>('/session/guest'));
}
