/** Cut-paper drawings for films without a poster, one a genre, on a field of 200 × 200 that the title covers below. */
import type { ReactNode } from 'react';

import type { Inks } from './inks';

/** `random` gives numbers from 0 to 1, the same ones for the same film. */
export type Motif = (random: () => number, inks: Inks) => ReactNode;

const times = <T,>(n: number, draw: (index: number) => T) => Array.from({ length: n }, (_, index) => draw(index));
const between = (random: () => number, low: number, high: number) => low + random() * (high - low);
const points = (...pairs: [number, number][]) => pairs.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');

const burst: Motif = (random, { a, b }) => {
  const [x, y] = [between(random, 40, 160), between(random, 120, 170)];
  const turn = random() * 20;
  const ray = (angle: number): [number, number] => [x + 320 * Math.cos(angle), y + 320 * Math.sin(angle)];
  return (
    <>
      {times(9, (i) => {
        const angle = ((i * 40 + turn) * Math.PI) / 180;
        return <polygon key={i} points={points([x, y], ray(angle), ray(angle + 0.26))} fill={a} />;
      })}
      <circle cx={x} cy={y} r={between(random, 24, 38)} fill={b} />
    </>
  );
};

const peaks: Motif = (random, { a, b, paper }) => {
  const top = between(random, 55, 90);
  const x = between(random, 60, 140);
  return (
    <>
      <circle cx={200 - x} cy={62} r={between(random, 20, 34)} fill={a} />
      <polygon points={points([x - 120, 220], [x, top], [x + 120, 220])} fill={b} />
      <polygon points={points([x - 22, top + 40], [x, top], [x + 22, top + 40], [x + 6, top + 30], [x - 5, top + 46])} fill={a} />
      <polygon points={points([x - 10, 230], [x + 75, top + 48], [x + 170, 230])} fill={paper} />
    </>
  );
};

const confetti: Motif = (random, { a, b, paper }) => {
  const colours = [a, b, paper, a];
  return times(25, (i) => (
    <circle
      key={i}
      cx={20 + (i % 5) * 40}
      cy={22 + Math.floor(i / 5) * 40}
      r={between(random, 5, 19)}
      fill={colours[Math.floor(random() * colours.length)]}
    />
  ));
};

const rainbow: Motif = (random, { a, b, paper }) => {
  const x = random() < 0.5 ? between(random, 10, 60) : between(random, 140, 190);
  return times(6, (i) => (
    <circle key={i} cx={x} cy={195} r={165 - i * 27} fill={[a, b, paper][i % 3]} />
  ));
};

const tumble: Motif = (random, { a, b, paper }) =>
  times(4, (i) => {
    const [x, y] = [i % 2 ? between(random, 120, 160) : between(random, 45, 85), 40 + i * 42];
    const angle = between(random, -60, 60) + (i % 2) * 180;
    return (
      <path
        key={i}
        d="M-44 0A44 44 0 0 0 44 0Z"
        fill={[a, b, paper][i % 3]}
        transform={`translate(${x.toFixed(1)} ${y}) rotate(${angle.toFixed(1)})`}
      />
    );
  });

const cuts: Motif = (random, { a, b }) => {
  const slant = between(random, 35, 70) * (random() < 0.5 ? -1 : 1);
  return (
    <>
      {times(4, (i) => {
        const x = i * 58 + between(random, -8, 8);
        const width = between(random, 10, 30);
        return (
          <polygon key={i} points={points([x - slant, -5], [x + width - slant, -5], [x + width + slant, 225], [x + slant, 225])} fill={b} />
        );
      })}
      <circle cx={between(random, 60, 140)} cy={between(random, 60, 120)} r={26} fill={a} />
    </>
  );
};

const lens: Motif = (random, { a, b, paper }) => {
  const turn = random() * 60;
  return (
    <g transform="translate(100 98)">
      <circle r={76} fill={paper} />
      {times(6, (i) => (
        <path key={i} d="M0 -64 L58 -26 L20 -10 Z" fill={i % 2 ? a : b} transform={`rotate(${(turn + i * 60).toFixed(1)})`} />
      ))}
      <circle r={20} fill={paper} />
    </g>
  );
};

const faces: Motif = (random, { a, b, paper }) => {
  const x = between(random, 78, 122);
  const y = between(random, 70, 120);
  const flip = random() < 0.5 ? 1 : -1;
  const radius = between(random, 62, 92);
  return (
    <g transform={`translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${flip} 1)`}>
      <path d={`M0 ${-radius}A${radius} ${radius} 0 0 0 0 ${radius}Z`} fill={a} />
      <path d={`M0 ${-radius * 0.55}A${radius * 0.8} ${radius * 0.8} 0 0 1 0 ${radius * 1.05}Z`} fill={b} />
      <rect x={-2} y={-140} width={4} height={320} fill={paper} />
    </g>
  );
};

const moon: Motif = (random, { a, b, field }) => {
  const [x, y, r] = [between(random, 70, 130), between(random, 70, 105), between(random, 44, 60)];
  return (
    <>
      <circle cx={x} cy={y} r={r} fill={b} />
      <circle cx={x + r * 0.42} cy={y - r * 0.2} r={r * 0.86} fill={field} />
      {times(9, (i) => {
        const size = between(random, 3, 8);
        const [sx, sy] = [between(random, 8, 192), between(random, 8, 175)];
        return (
          <polygon
            key={i}
            points={points([sx, sy - size], [sx + size / 3, sy], [sx, sy + size], [sx - size / 3, sy])}
            fill={a}
          />
        );
      })}
    </>
  );
};

const blinds: Motif = (random, { a, b }) => {
  const slant = between(random, -26, 26);
  const x = between(random, 60, 140);
  return (
    <>
      {times(8, (i) => (
        <polygon
          key={i}
          points={points([0, i * 27 - slant], [200, i * 27 + slant], [200, i * 27 + 11 + slant], [0, i * 27 + 11 - slant])}
          fill={a}
        />
      ))}
      <path d={`M${x - 48} 215V128q4-30 48-34q44 4 48 34v87z`} fill={b} />
      <ellipse cx={x} cy={80} rx={20} ry={26} fill={b} />
      <path d={`M${x - 46} 66q46 16 92 0l-18-9q-2-32-28-32q-26 0-28 32z`} fill={b} />
    </>
  );
};

const teeth: Motif = (random, { b, paper }) => (
  <>
    <polygon
      points={points([0, -5], ...times(9, (i): [number, number] => [i * 25, i % 2 ? between(random, 62, 108) : between(random, 14, 36)]), [200, -5])}
      fill={b}
    />
    <polygon
      points={points([0, 225], ...times(9, (i): [number, number] => [i * 25, i % 2 ? between(random, 160, 180) : between(random, 96, 140)]), [200, 225])}
      fill={paper}
    />
  </>
);

const screen: Motif = (random, { a, b, paper }) => (
  <>
    <path d="M14 34Q100 10 186 34V140Q100 118 14 140Z" fill={a} />
    <circle cx={between(random, 60, 140)} cy={80} r={26} fill={b} />
    {times(7, (i) => (
      <circle key={i} cx={i * 33} cy={196} r={19} fill={paper} />
    ))}
  </>
);

const waves: Motif = (random, { a, b }) => {
  const lift = between(random, 18, 40);
  return (
    <>
      {times(5, (i) => (
        <path
          key={i}
          d={`M-10 ${70 + i * 24}Q50 ${70 + i * 24 - lift} 100 ${70 + i * 24}T210 ${70 + i * 24}`}
          fill="none"
          stroke={a}
          strokeWidth={5}
        />
      ))}
      {times(3, (i) => {
        const [x, y] = [34 + i * 58 + between(random, -8, 8), between(random, 74, 160)];
        return (
          <g key={i} fill={b}>
            <ellipse cx={x} cy={y} rx={15} ry={11} transform={`rotate(-22 ${x.toFixed(1)} ${y.toFixed(1)})`} />
            <rect x={x + 9} y={y - 62} width={5} height={60} />
          </g>
        );
      })}
    </>
  );
};

const keyhole: Motif = (random, { a, b, paper }) => {
  const [x, y] = [between(random, 80, 120), between(random, 74, 92)];
  return (
    <>
      <polygon points={points([x, y], [x - 150, 240], [x + 150, 240])} fill={paper} />
      <circle cx={x} cy={y} r={52} fill={a} />
      <circle cx={x} cy={y} r={20} fill={b} />
      <polygon points={points([x - 9, y], [x + 9, y], [x + 20, y + 50], [x - 20, y + 50])} fill={b} />
    </>
  );
};

const rings: Motif = (random, { a, b, paper }) => {
  const gap = between(random, 22, 42);
  const y = between(random, 84, 112);
  const tilt = between(random, -18, 18);
  const radius = 58;
  const half = Math.sqrt(radius * radius - gap * gap);
  return (
    <g transform={`rotate(${tilt.toFixed(1)} 100 ${y.toFixed(1)})`}>
      <circle cx={100 - gap} cy={y} r={radius} fill={a} />
      <circle cx={100 + gap} cy={y} r={radius} fill={b} />
      <path d={`M100 ${y - half}A${radius} ${radius} 0 0 1 100 ${y + half}A${radius} ${radius} 0 0 1 100 ${y - half}Z`} fill={paper} />
    </g>
  );
};

const orbits: Motif = (random, { a, b }) => {
  const [x, y] = [between(random, 60, 140), between(random, 70, 130)];
  return (
    <>
      {times(5, (i) => (
        <circle key={i} cx={x} cy={y} r={46 + i * 27} fill="none" stroke={a} strokeWidth={1.6} />
      ))}
      <circle cx={x} cy={y} r={30} fill={b} />
      {times(4, (i) => {
        const angle = random() * Math.PI * 2;
        const radius = 46 + i * 27;
        return <circle key={i} cx={x + radius * Math.cos(angle)} cy={y + radius * Math.sin(angle)} r={9 - i} fill={a} />;
      })}
    </>
  );
};

const vertigo: Motif = (random, { a, b, field }) => {
  const drift = between(random, -9, 9);
  return times(7, (i) => (
    <circle key={i} cx={100 + drift * i} cy={96 + i * 4} r={140 - i * 21} fill={[b, field, a, field][i % 4]} />
  ));
};

const chevrons: Motif = (random, { a, b }) => {
  const top = between(random, 6, 40);
  const apex = between(random, 70, 130);
  return times(4, (i) => {
    const y = top + i * 46;
    return (
      <polygon
        key={i}
        points={points([-5, y + 58], [apex, y], [205, y + 58], [205, y + 80], [apex, y + 22], [-5, y + 80])}
        fill={i === 1 ? a : b}
      />
    );
  });
};

const sundown: Motif = (random, { a, b }) => {
  const x = between(random, 55, 145);
  const mesa = between(random, 20, 120);
  return (
    <>
      <circle cx={x} cy={128} r={between(random, 54, 76)} fill={a} />
      <rect x={-5} y={150} width={210} height={80} fill={b} />
      <path d={`M${mesa - 30} 152l10-46h44l12 46z`} fill={b} />
      {times(3, (i) => (
        <rect key={i} x={x - 70} y={164 + i * 13} width={140 - i * 30} height={3} fill={a} />
      ))}
    </>
  );
};

export const MOTIFS = {
  burst, peaks, confetti, rainbow, tumble, cuts, lens, faces, moon, blinds, teeth, screen,
  waves, keyhole, rings, orbits, vertigo, chevrons, sundown,
} satisfies Record<string, Motif>;
