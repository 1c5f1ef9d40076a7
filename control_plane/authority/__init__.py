"""The control plane's certificate authority: who is a device, who is the control plane."""
