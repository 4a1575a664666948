import { useNavigate } from '@tanstack/react-router';
import { type SubmitEvent, useState } from 'react';

/** Straight to a persona whose number is known. */
export function PersonaSearch() {
  const [number, setNumber] = useState('');
  const navigate = useNavigate();
  const go = (event: SubmitEvent) => {
    event.preventDefault();
    void navigate({ to: '/personas/$personaId', params: { personaId: Number(number) } });
  };
  return (
    <form onSubmit={go} className="flex items-center gap-2 text-sm">
      <label htmlFor="persona">Persona number</label>
      <input
        id="persona"
        className="field w-24"
        inputMode="numeric"
        pattern="[1-9][0-9]*"
        title="A whole number, as on the tickets"
        required
        value={number}
        onChange={(event) => setNumber(event.target.value.trim())}
      />
      <button type="submit" className="button">
        Go
      </button>
    </form>
  );
}
