import { useId } from 'react';

/** The server refuses shorter ones. */
const LEAST = 10;
const MOST = 200;

interface Props {
  label: string;
  /** In the form's data. */
  name: string;
  /** A password to be, which has to be long enough; without it, one that the viewer has. */
  fresh?: boolean;
}

export function PasswordField({ label, name, fresh = false }: Props) {
  const hint = useId();
  return (
    <label className="grid gap-1 text-sm font-semibold">
      {label}
      <input
        name={name}
        type="password"
        className="field"
        autoComplete={fresh ? 'new-password' : 'current-password'}
        minLength={fresh ? LEAST : undefined}
        maxLength={MOST}
        required
        aria-describedby={fresh ? hint : undefined}
      />
      {fresh && (
        <span id={hint} className="font-normal text-muted">
          At least {LEAST} characters.
        </span>
      )}
    </label>
  );
}
