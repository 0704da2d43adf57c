//! Says the verifier's violations at the author's lines.
