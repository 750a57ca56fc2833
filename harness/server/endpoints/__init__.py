"""One file per family of REST endpoints, one function per endpoint; found by walking this folder."""
