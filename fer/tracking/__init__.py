"""Who is who: track faces over frames by position, motion and appearance."""
