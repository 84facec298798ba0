// The currencies that this browser can name; the service knows all of ISO 4217 and has the last word.
export const CURRENCIES: readonly string[] = Intl.supportedValuesOf("currency").filter((code) => !code.startsWith("X"));

const names = new Intl.DisplayNames([navigator.language], { type: "currency" });

export function currencyName(code: string): string {
  return `${code} · ${names.of(code) ?? code}`;
}

const BY_REGION: Record<string, string> = {
  US: "USD",
  GB: "GBP",
  CH: "CHF",
  JP: "JPY",
  CZ: "CZK",
  PL: "PLN",
  SE: "SEK",
  NO: "NOK",
  DK: "DKK",
  IN: "INR",
  CA: "CAD",
  AU: "AUD",
};
const EURO = new Set("DE FR ES IT NL BE AT FI IE PT GR SK SI LT LV EE LU MT CY HR".split(" "));

/** A first guess from the browser's language; people change it with one click. */
export function likelyCurrency(): string {
  const region = new Intl.Locale(navigator.language).maximize().region ?? "US";
  return BY_REGION[region] ?? (EURO.has(region) ? "EUR" : "USD");
}
