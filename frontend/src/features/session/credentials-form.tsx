import type { UseMutationResult } from '@tanstack/react-query';
import type { SubmitEvent } from 'react';

import { Failure } from '@/components/failure';
import type { Credentials, Me } from '@/lib/api-types';

import { formText } from './form-text';
import { PasswordField } from './password-field';

interface Props {
  action: string;
  change: UseMutationResult<Me | null, Error, Credentials>;
  /** The form makes an account. */
  newPassword?: boolean;
}

export function CredentialsForm({ action, change, newPassword = false }: Props) {
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    change.mutate({ name: formText(form, 'name').trim(), password: formText(form, 'password') });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <label className="grid gap-1 text-sm font-semibold">
        Name
        <input name="name" className="field" autoComplete="username" pattern="[A-Za-z0-9_.\-]{3,32}" title="3 to 32 of a to z, digits, dots, dashes and underscores" required />
      </label>
      <PasswordField label="Password" name="password" fresh={newPassword} />
      {change.error && <Failure error={change.error} />}
      <button type="submit" className="button button-primary" disabled={change.isPending}>
        {action}
      </button>
    </form>
  );
}
