import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api } from '@/lib/api';
import type { AccountList, ResetLink } from '@/lib/api-types';
import { meQuery, MINE } from '@/lib/me';

const ACCOUNTS_A_PAGE = 50;
const KEY = [MINE, 'accounts'];

export const accountsQuery = (page: number, name: string) =>
  queryOptions({
    queryKey: [...KEY, page, name],
    queryFn: ({ signal }) => api.get<AccountList>('/admin/accounts', { params: { page, per_page: ACCOUNTS_A_PAGE, name }, signal }),
    placeholderData: keepPreviousData,
  });

type Change = 'lock' | 'unlock' | 'revoke-admin' | 'delete';

/** Do something about an account; the list is then asked for anew. */
export function useAccountChange(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: Change) =>
      change === 'delete' ? api.delete('/admin/accounts', { body: { name } }) : api.post<null>(`/admin/accounts/${change}`, { body: { name } }),
    // An admin may have done it to themselves: who is signed in is asked anew, too.
    onSuccess: () => Promise.all([queries.invalidateQueries({ queryKey: KEY }), queries.invalidateQueries({ queryKey: meQuery.queryKey })]),
  });
}

export const useResetLink = (name: string) =>
  useMutation({ mutationFn: () => api.post<ResetLink>('/admin/accounts/reset-link', { body: { name } }) });
