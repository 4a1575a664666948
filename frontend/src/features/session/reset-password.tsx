import type { SubmitEvent } from 'react';

import { Failure } from '@/components/failure';

import { useResetPassword } from './api';
import { formText } from './form-text';
import { PasswordField } from './password-field';

interface Props {
  /** What the link holds behind its #, which no browser sends along with an address. */
  token: string;
  onDone: () => void;
}

export function ResetPassword({ token, onDone }: Props) {
  const reset = useResetPassword(onDone);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    reset.mutate({ token, password: formText(event.currentTarget, 'password') });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <PasswordField label="New password" name="password" fresh />
      {reset.error && <Failure error={reset.error} />}
      <button type="submit" className="button button-primary" disabled={reset.isPending}>
        Set the password
      </button>
    </form>
  );
}
