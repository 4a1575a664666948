import type { UseMutationResult } from '@tanstack/react-query';
import { type SubmitEvent, useId } from 'react';

import { Failure } from '@/components/failure';
import type { Credentials, Me } from '@/lib/api-types';


interface Props {
  action: string;
  change: UseMutationResult<Me | null, Error, Credentials>;
  /** Shown under the password; the least number of characters where the form sets a new one. */
  newPassword?: { least: number };
}

export function CredentialsForm({ action, change, newPassword }: Props) {
  const hint = useId();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const text = (name: string) => {
      const value = data.get(name);
      return typeof value === 'string' ? value : '';
    };
    change.mutate({ name: text('name').trim(), password: text('password') });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <label className="grid gap-1 text-sm font-semibold">
        Name
        <input name="name" className="field" autoComplete="username" pattern="[\p{L}\p{N}_.\-]{3,32}" title="3 to 32 letters, digits, dots, dashes or underscores" required />
      </label>
      <label className="grid gap-1 text-sm font-semibold">
        Password
        <input
          name="password"
          type="password"
          className="field"
          autoComplete={newPassword ? 'new-password' : 'current-password'}
          minLength={newPassword?.least}
          maxLength={200}
          required
          aria-describedby={newPassword && hint}
        />
        {newPassword && (
          <span id={hint} className="font-normal text-muted">
            At least {newPassword.least} characters.
          </span>
        )}
      </label>
      {change.error && <Failure error={change.error} />}
      <button type="submit" className="button button-primary" disabled={change.isPending}>
        {action}
      </button>
    </form>
  );
}
