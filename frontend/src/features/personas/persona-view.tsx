import { useState } from 'react';

import { History } from './history';
import { Recommended } from './recommended';
import type { Cut } from './api';

interface Props {
  personaId: number;
  cut: Cut;
  onCut: (change: Partial<Cut>) => void;
}

/** History and recommendations side by side; pointing at a recommendation lights the films that carried it. */
export function PersonaView({ personaId, cut, onCut }: Props) {
  const [lit, setLit] = useState<number[]>([]);
  return (
    <div className="grid items-start gap-x-12 gap-y-12 lg:grid-cols-[minmax(19rem,24rem)_1fr]">
      <div className="order-2 min-w-0 lg:sticky lg:top-6 lg:order-1">
        <History personaId={personaId} lit={lit} />
      </div>
      <div className="order-1 min-w-0 lg:order-2">
        <Recommended personaId={personaId} cut={cut} onCut={onCut} onPoint={setLit} />
      </div>
    </div>
  );
}
