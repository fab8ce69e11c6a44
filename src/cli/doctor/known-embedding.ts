/** A prompt, and what the encoder that comes with Signalbox makes of it. */
export const KNOWN_PROMPT = "How many positive divisors does 360 have?";

// int8 in base64, made with onnxruntime-node. Other runtimes and processors round here and there.
const KNOWN_EMBEDDING = [
  "Fwug8iwNEx0a9C3pJwsO2tkL3Rf61vg89SEIrBbP7CswH/b48vrjDQbhNv8DA9k9NQYKMtsmx/Lh+AcH5PHu3w/TvMfBEvP3C+Ay",
  "F9ITBgAYDBYuDBEHIh4i7QY17bQbCfr3DQTdABfhCv1FAO70+xvqJP8IJgzaOgc++/YEyQAnDjAi4P7TPBEWAwtJDTPhE/biDhQJ",
  "2wIcHPTtBgsOIPgNISj9BAMJ2Nf47A39SQDFLQYN9gId9+bs6xrnFuq81Ojg2iAuCBD3+Br27i0HLuUgAeni/BkC7dEG5kTz3wDt",
  "4dQM7vIkOAPYM/wGIRoi6iv3DeEgGRAAIgvpGgjnEBrm8tzR4uoAHPYxOezzRUQmG+fdGDEc1uAcF+/uFwIU+OsMGcz0Cfkj6Ovt",
  "8fz3H70I2cnO2y7i9SXq/yQFRAAAKMHWJBkZ/d/8FS/gDSXyAQEMBSjfK+3aHhvK+eQL9M3HAxbV00LT6OvD8vMJDbqit54hGvr7",
  "5DDZ/+H/EST39P4FCv0mDyMN0trQ9ATwJy3j5wwG1egD2AYF/vvvBvwEFj0mICEBDtLi580+0hIbEOYb5CgNzxjo8voEAyAGIgoT",
  "5u3h8v4+zt/RCPIeBBD3EgMeA/MYESYY/R0B9M/0AuMVGOsi8wji3xURQiDTCyLpAQToF/q///QcCj0g6PTvBwMqKfcO1QUNLAL5",
  "F9rH9PEp+gIqISH5+PXbBfYcBgymVQ7l8u4xA+v4zygIMeezJQjfsuwVFiQO/ScS+LTG0B4VGdoa0MiBBycqrf3qTNkYTxkN4UIf",
  "/QgJ8d7RJgi/ABAIJNUh/fi1/P3lJ9PiDRzXDO0h5s47/eXy+QwCMu7/5Dq58BQZwww5KhEJy/Yy8toD+0T2wPEGDfndF9j/LtMO",
  "H9sS6y0T3vzX9OP0JhjDLfXiKBTiGN/oWiQK3eT9FOkTDhsI4u4rHQsE+hoRFjT6JeUEIP4O6uvM3tcB88QSICfG6vgT/wMrFPkP",
  "3soH+xwcEunx/xb52QQGFenu",
].join("");

/** Runtimes agree to .99 and more; a broken one is nowhere near. */
export const LEAST_SIMILARITY = 0.98;

/** Cosine of the known embedding with another one of the same prompt. */
export function similarityToKnown(embedding: Float32Array): number {
  const bytes = Buffer.from(KNOWN_EMBEDDING, "base64");
  const known = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  return dot(embedding, known) / Math.sqrt(dot(embedding, embedding) * dot(known, known));
}
