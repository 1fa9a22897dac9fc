import java.nio.file.*;
import java.security.*;
import java.security.cert.X509Certificate;
import java.security.spec.*;
import java.util.*;

/** Signs a file with the certificate that is meant for signing: java Sign.java CONFIGURATION PASSWORD FILE */
public class Sign {
    public static void main(String[] arguments) throws Exception {
        Provider provider = Security.getProvider("SunPKCS11").configure(arguments[0]);
        KeyStore store = KeyStore.getInstance("PKCS11", provider);
        store.load(null, arguments[1].toCharArray());
        Path file = Path.of(arguments[2]);

        for (String alias : Collections.list(store.aliases())) {
            if (!store.isKeyEntry(alias)) continue;
            X509Certificate certificate = (X509Certificate) store.getCertificate(alias);
            boolean digitalSignature = certificate.getKeyUsage()[0];
            if (!digitalSignature) continue;

            PrivateKey key = (PrivateKey) store.getKey(alias, null);
            Signature pkcs1 = Signature.getInstance("SHA256withRSA", provider);
            write(pkcs1, key, file, ".pkcs1");
            Signature pss = Signature.getInstance("RSASSA-PSS", provider);
            pss.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
            write(pss, key, file, ".pss");
            return;
        }
        throw new IllegalStateException("no certificate for signing");
    }

    private static void write(Signature signature, PrivateKey key, Path file, String ending) throws Exception {
        signature.initSign(key);
        signature.update(Files.readAllBytes(file));
        Files.write(Path.of(file + ending), signature.sign());
    }
}
