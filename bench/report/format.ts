// Figures as text.
import type { Finding } from "../runner/compare.ts";

export function duration(nanoseconds: number): string {
  if (nanoseconds < 1000) return `${nanoseconds.toPrecision(3)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1000).toPrecision(3)} us`;
  return `${(nanoseconds / 1e6).toPrecision(3)} ms`;
}

export function value(finding: Finding): string {
  if (finding.perSecond === undefined) return duration(finding.p50);
  return `${(finding.perSecond / 1e6).toPrecision(3)} M/s`;
}

export function ratio(finding: Finding): string {
  return finding.ratio === undefined ? "" : `${finding.ratio.toFixed(2)} x`;
}

export function barText(finding: Finding): string {
  if (finding.limit === undefined) return "";
  return `${finding.perSecond === undefined ? "<=" : ">="} ${finding.limit} x`;
}

export function verdict(finding: Finding): string {
  if (finding.met === undefined) return "";
  return finding.met ? "met" : "NOT MET";
}
