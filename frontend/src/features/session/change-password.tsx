import type { SubmitEvent } from 'react';

import { Failure } from '@/components/failure';
import { useAnnounce } from '@/components/notice';

import { useChangePassword } from './api';
import { formText } from './form-text';
import { PasswordField } from './password-field';

export function ChangePassword() {
  const announce = useAnnounce();
  const change = useChangePassword(() => announce({ text: 'Your password is changed; other browsers are signed out.' }));
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = { password: formText(form, 'password'), new_password: formText(form, 'new_password') };
    change.mutate(given, { onSuccess: () => form.reset() });
  };
  return (
    <section aria-labelledby="password">
      <h2 id="password" className="text-3xl leading-none">
        Password
      </h2>
      <p className="mt-2 mb-4 text-sm text-muted">With a new one, every other browser is signed out.</p>
      <details>
        <summary className="link w-fit text-sm">Change the password</summary>
        <form onSubmit={submit} className="mt-4 grid max-w-sm gap-3">
          <PasswordField label="Password so far" name="password" />
          <PasswordField label="New password" name="new_password" fresh />
          {change.error && <Failure error={change.error} />}
          <button type="submit" className="button w-fit" disabled={change.isPending}>
            Change
          </button>
        </form>
      </details>
    </section>
  );
}
