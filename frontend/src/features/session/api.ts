import { api } from '@/lib/api';
import type { Credentials, Me } from '@/lib/api-types';
import { useSessionChange } from '@/lib/me';

export const useSignIn = (onDone: () => void) =>
  useSessionChange((credentials: Credentials) => api.post<Me>('/session', { body: credentials }), onDone);

/** A guest keeps their ratings under the new name. */
export const useSignUp = (onDone: () => void) =>
  useSessionChange((credentials: Credentials) => api.post<Me>('/accounts', { body: credentials }), onDone);

export const useSignOut = (onDone: () => void) => useSessionChange<undefined>(() => api.delete('/session'), onDone);

export const useDeleteAccount = (onDone: () => void) =>
  useSessionChange((password: string) => api.delete('/me', { body: { password } }), onDone);
