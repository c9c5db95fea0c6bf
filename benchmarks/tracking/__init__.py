"""Who is who: the tracker on scripted scenes of real people."""
