/** The content-security policy, by directive. */
const POLICY = {
  "default-src": "'none'",
  "script-src": "'self'",
  "worker-src": "'self'",
  // Positions of charts and dialogs are styles of elements.
  "style-src": "'self' 'unsafe-inline'",
  // Wallets announce their icons as data.
  "img-src": "'self' data: blob:",
  "font-src": "'self'",
  "manifest-src": "'self'",
  // Nodes, relays and indexers are where the community has them: their addresses are in wattline.json.
  "connect-src": "'self' https: http:",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
} as const;

/** What every host of the dApp answers with, on every page. */
export const SECURITY_HEADERS = {
  "Content-Security-Policy": Object.entries(POLICY)
    .map((directive) => directive.join(" "))
    .join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  // Wallets may open windows of their own.
  "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
} as const;
