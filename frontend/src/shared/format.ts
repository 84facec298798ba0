// Numbers, money and dates by `Intl`, in the person's own locale. Formatters are costly to make, so each is made once, when it is first used.
import { createContext, use } from "react";

export interface MoneyStyle {
  signed?: boolean;
  compact?: boolean;
  whole?: boolean;
}

export interface Format {
  locale: string;
  money(amount: number, currency: string, style?: MoneyStyle): string;
  moneyParts(amount: number, currency: string): { text: string; minor: boolean }[];
  number(value: number, digits?: number): string;
  percent(value: number, digits?: number): string;
  date(value: string | number | Date): string;
  day(value: string | number | Date): string;
  month(value: string | number | Date): string;
  time(value: string | number | Date): string;
  ago(value: string): string;
  /** A sentence of the service, which writes amounts and days the same for everybody, as this person reads them. */
  told(sentence: string): string;
}

function kept<Made>(make: (key: string) => Made): (key: string) => Made {
  const made = new Map<string, Made>();
  return (key) => {
    const found = made.get(key) ?? make(key);
    made.set(key, found);
    return found;
  };
}

function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => (made ??= make());
}

const MOMENT = /T(?!00:00:00(?:\.0+)?Z$)/;

/**
 * Writes the day of a value. A bare day, the points of a chart and what carries a date without a time are days of the ledger, which counts
 * them in UTC, and stay the same day everywhere; a moment is shown on the person's own calendar.
 */
function dated(locale: string, fields: Intl.DateTimeFormatOptions): (value: string | number | Date) => string {
  const ledgers = once(() => new Intl.DateTimeFormat(locale, { ...fields, timeZone: "UTC" }));
  const own = once(() => new Intl.DateTimeFormat(locale, fields));
  return (value) => (typeof value === "string" && MOMENT.test(value) ? own() : ledgers()).format(new Date(value));
}

const TOLD = /(-?\d+(?:\.\d+)?) ([A-Z]{3})\b|\b(\d{4}-\d{2}-\d{2})\b/g;

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** The formatter of a locale; one that this browser does not know falls back to its own. */
export function formatOf(wanted: string): Format {
  const locale = Intl.NumberFormat.supportedLocalesOf([wanted])[0] ?? navigator.language;
  const moneyFormat = kept((key) => {
    const [currency = "USD", signed, compact, whole] = key.split("|");
    return new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
      signDisplay: signed === "true" ? "exceptZero" : "negative",
      ...(compact === "true" ? { notation: "compact", maximumFractionDigits: 1 } : {}),
      ...(whole === "true" ? { maximumFractionDigits: 0 } : {}),
    });
  });
  const numberFormat = kept((digits) => new Intl.NumberFormat(locale, { maximumFractionDigits: Number(digits) }));
  const percentFormat = kept(
    (digits) => new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: Number(digits) }),
  );
  const date = dated(locale, { day: "numeric", month: "short", year: "numeric" });
  const timeFormat = once(() => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }));
  const relative = once(() => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }));
  const format = (currency: string, style: MoneyStyle = {}) =>
    moneyFormat([currency, style.signed ?? false, style.compact ?? false, style.whole ?? false].join("|"));
  const money = (amount: number, currency: string, style?: MoneyStyle) => format(currency, style).format(amount);
  return {
    locale,
    money,
    told: (sentence) =>
      sentence.replaceAll(TOLD, (_, amount: string | undefined, currency: string, day: string) =>
        amount === undefined ? date(day) : money(Number(amount), currency),
      ),
    moneyParts: (amount, currency) =>
      format(currency)
        .formatToParts(amount)
        .map((part) => ({ text: part.value, minor: part.type === "fraction" || part.type === "decimal" })),
    number: (value, digits = 2) => numberFormat(String(digits)).format(value),
    percent: (value, digits = 1) => percentFormat(String(digits)).format(value / 100),
    date,
    day: dated(locale, { day: "numeric", month: "short" }),
    month: dated(locale, { month: "short", year: "2-digit" }),
    time: (value) => timeFormat().format(new Date(value)),
    ago: (value) => {
      const seconds = (Date.parse(value) - Date.now()) / 1000;
      const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size);
      return unit === undefined
        ? relative().format(0, "second")
        : relative().format(Math.round(seconds / unit[1]), unit[0]);
    },
  };
}

export const FormatContext = createContext<Format>(formatOf(navigator.language));

export const useFormat = (): Format => use(FormatContext);

const AMOUNT = /^[0-9]+(?:\.[0-9]+)?$/;

/**
 * What somebody typed, as the exact decimal that the service takes, or null. Both separators are understood: the last one that is
 * followed by no further separator is the decimal one, unless three digits follow and it may be a thousands separator.
 */
export function amountOf(typed: string, locale: string): string | null {
  const decimal =
    new Intl.NumberFormat(locale).formatToParts(1.5).find((part) => part.type === "decimal")?.value ?? ".";
  const group = decimal === "," ? "." : ",";
  const plain = typed.trim().replaceAll(/[\s\u00a0\u202f'’]/g, "");
  const separators = plain.match(/[.,]/g) ?? [];
  let text = plain;
  if (separators.length === 1 && separators[0] === group) {
    text = /[.,]\d{3}$/.test(plain) ? plain.replace(group, "") : plain.replace(group, ".");
  } else {
    text = plain.replaceAll(group, "").replace(decimal, ".");
  }
  return AMOUNT.test(text) ? text : null;
}
