// The idea in one picture: a past that is certain, and the futures that it may have. Decoration; the words beside it say the same.
const PAST = "M0 430C60 426 80 400 130 404s70 34 120 20 60-70 116-74 60 26 104 8";
const MIDDLE = "M470 358C520 340 560 300 620 290s90-60 180-84";
const WORSE = "M470 358c50 0 70 44 130 60s110 60 200 62";

export function ForkPicture() {
  return (
    <div className="login-picture" aria-hidden="true">
      <svg viewBox="0 0 800 800" preserveAspectRatio="xMidYMid slice" fill="none">
        <g className="lp-grid">
          {Array.from({ length: 9 }, (_, index) => (
            <path key={index} d={`M0 ${120 + index * 70}H800`} />
          ))}
        </g>
        <path className="lp-band-wide" d="M470 358C530 300 600 200 800 70V560C640 520 540 420 470 358Z" />
        <path className="lp-band" d="M470 358C530 320 620 240 800 140V400C640 390 540 372 470 358Z" />
        <path className="lp-past" d={PAST} />
        <path className="lp-future" d={MIDDLE} />
        <path className="lp-worse" d={WORSE} />
        <path className="lp-today" d="M470 90V690" />
        <circle className="lp-dot" cx="470" cy="358" r="7" />
      </svg>
    </div>
  );
}
