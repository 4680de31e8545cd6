//! What the contenders and the load share.
