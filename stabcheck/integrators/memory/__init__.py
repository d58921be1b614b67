"""Methods with memory: multistep, multistage multistep, and general linear."""
