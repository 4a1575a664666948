/** Who is looking: asked by the header, the pages and whatever writes. */
import { type QueryClient, type QueryKey, queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { api, forgetCsrfToken } from './api';
import type { Me } from './api-types';

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

/**
 * A change of who is looking: `change` asks the server, then everything shown is asked anew.
 *
 * `onDone` is called even where the part of the page that asked for the change has gone with it.
 */
export function useSessionChange<Input>(change: (input: Input) => Promise<Me | null>, onDone?: () => void) {
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
      // What was the former viewer's goes, rather than being asked for again: nobody may not ask for it.
      queries.removeQueries({ queryKey: [MINE] });
      onDone?.();
      const others = ({ queryKey }: { queryKey: QueryKey }) => queryKey[0] !== MINE && queryKey[0] !== meQuery.queryKey[0];
      await queries.invalidateQueries({ predicate: others });
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
export function useStartGuest(onDone?: () => void) {
  return useSessionChange<undefined>(() => api.post<Me>('/session/guest'), onDone);
}
