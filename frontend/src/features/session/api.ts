import { api } from '@/lib/api';
import type { Credentials, Me, NewPasswordIn, ResetIn } from '@/lib/api-types';
import { useSessionChange } from '@/lib/me';

export const useSignIn = (onDone: () => void) =>
  useSessionChange((credentials: Credentials) => api.post<Me>('/session', { body: credentials }), onDone);

/** A guest keeps their ratings under the new name. */
export const useSignUp = (onDone: () => void) =>
  useSessionChange((credentials: Credentials) => api.post<Me>('/accounts', { body: credentials }), onDone);

export const useSignOut = (onDone: () => void) => useSessionChange<undefined>(() => api.delete('/session'), onDone);

export const useSignOutEverywhere = (onDone: () => void) =>
  useSessionChange<undefined>(() => api.delete('/me/sessions'), onDone);

/** Every other browser is signed out. */
export const useChangePassword = (onDone: () => void) =>
  useSessionChange((passwords: NewPasswordIn) => api.post<Me>('/me/password', { body: passwords }), onDone);

/** Whoever was signed in with the former password, here too, is not any more. */
export const useResetPassword = (onDone: () => void) =>
  useSessionChange((given: ResetIn) => api.post<null>('/password-reset', { body: given }), onDone);

export const useDeleteAccount = (onDone: () => void) =>
  useSessionChange((password: string) => api.delete('/me', { body: { password } }), onDone);
