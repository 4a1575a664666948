import { useSessionChange } from '@/lib/me';
import { api } from '@/lib/api';
import type { Me } from '@/lib/types';

export interface Credentials {
  name: string;
  password: string;
}

export const useSignIn = () => useSessionChange((credentials: Credentials) => api.post<Me>('/session', { body: credentials }));

/** A guest keeps their ratings under the new name. */
export const useSignUp = () => useSessionChange((credentials: Credentials) => api.post<Me>('/accounts', { body: credentials }));

export const useSignOut = () => useSessionChange<undefined>(() => api.delete('/session'));

export const useDeleteAccount = () => useSessionChange((password: string) => api.delete('/me', { body: { password } }));
