import { useMutation, useQueryClient } from '@tanstack/react-query';

import { api } from '@/lib/api';
import type { Import } from '@/lib/api-types';
import { becomeViewer, MINE, meQuery } from '@/lib/me';

interface Sent {
  file: File;
  /** False only looks at what the file holds. */
  commit: boolean;
}

export function useImport() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ file, commit }: Sent) => {
      await becomeViewer(queries);
      const body = new FormData();
      body.set('file', file);
      return api.post<Import>('/me/import', { body, params: { commit } });
    },
    onSuccess: async (_, { commit }) => {
      if (!commit) return;
      await Promise.all([
        queries.invalidateQueries({ queryKey: [MINE] }),
        queries.invalidateQueries({ queryKey: meQuery.queryKey }),
        queries.invalidateQueries({ queryKey: ['films'] }),
      ]);
    },
  });
}
